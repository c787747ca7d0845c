"""The pages a person sees: checkout, portal, invoice and the control desk."""

from flask import Blueprint

from stripe_sandbox.pages import checkout, desk, desk_actions, invoice, portal
from stripe_sandbox.pages.formats import FILTERS

blueprint = Blueprint("pages", __name__, template_folder="../templates")

for module in (checkout, desk, desk_actions, invoice, portal):
    for method, path, view in module.ROUTES:
        name = f"{module.__name__.rpartition('.')[2]}_{view.__name__}"
        blueprint.add_url_rule(path, name, view, methods=[method])

for filter_name, function in FILTERS.items():
    blueprint.add_app_template_filter(function, filter_name)
