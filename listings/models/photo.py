import builtins

from django.db import models

from accounts.bulk import AnnouncedQuerySet
from accounts.whole import SavedWhole
from listings.models.property import Property
from listings.photos import card_url


class Photo(SavedWhole):
    """A picture of a house, re-encoded at upload. The lowest position is the hero."""

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="photos/", width_field="width", height_field="height")
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    caption = models.CharField(max_length=140, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnouncedQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.caption or f"Photo {self.position + 1} of {self.property}"

    @builtins.property  # the field above takes the short name
    def card_url(self) -> str:
        """Where the small size for cards and lists is found."""
        return card_url(self.image.name)
