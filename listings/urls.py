from django.urls import path
from django.views.generic import TemplateView

from listings.views import house, inbox, owner_houses, public

urlpatterns = [
    path("", public.home, name="home"),
    path("houses/", public.search, name="search"),
    path("houses/<slug:slug>/", house.house, name="house"),
    path("houses/<slug:slug>/thank-you/", house.enquiry_thanks, name="enquiry_thanks"),
    path("owner/houses/add/", owner_houses.house_add, name="house_add"),
    path("owner/houses/<int:pk>/edit/", owner_houses.house_edit, name="house_edit"),
    path("owner/houses/<int:pk>/pause/", owner_houses.house_pause, name="house_pause"),
    path("owner/houses/<int:pk>/resume/", owner_houses.house_resume, name="house_resume"),
    path("owner/enquiries/", inbox.owner_enquiries, name="owner_enquiries"),
    path("owner/enquiries/<int:pk>/", inbox.owner_enquiry, name="owner_enquiry"),
    path("favicon.ico", public.favicon, name="favicon"),
    path(
        "robots.txt",
        TemplateView.as_view(template_name="robots.txt", content_type="text/plain"),
        name="robots",
    ),
]
