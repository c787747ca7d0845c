from unfold.sites import UnfoldAdminSite


class GatehouseAdminSite(UnfoldAdminSite):
    pass
