def test_the_home_page_opens_and_asks_nothing_of_other_sites(page, site):
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))

    response = page.goto("/")

    assert response.status == 200
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert errors == []


def test_the_worker_is_at_work(site):
    code = (
        "import time; from django_q.tasks import async_task, result;"
        "print('answer', result(async_task('math.factorial', 5), wait=20000))"
    )

    assert "answer 120" in site.manage("shell", "-c", code)


def test_the_sandboxs_clock_can_be_moved(site):
    before = site.sandbox.now()

    site.sandbox.advance(3600)

    assert site.sandbox.now() >= before + 3600
