"""The words of every mail to an owner, as plain data; `billing/mail.py` sends them."""
