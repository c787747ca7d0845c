"""Reports: the admin page, CSV, XLSX, the command and the API all call the same `rows`."""
