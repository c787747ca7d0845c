from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView

VIEW = ["%(app_label)s.view_%(model_name)s"]


class StaffWithViewPermission(DjangoModelPermissions):
    """The admin's rule: a member of staff who may view this model. Nobody writes here."""

    perms_map = {"GET": VIEW, "HEAD": VIEW, "OPTIONS": VIEW}

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_staff) and super().has_permission(
            request, view
        )
