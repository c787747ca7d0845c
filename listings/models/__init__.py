from listings.models.enquiry import Enquiry
from listings.models.photo import Photo
from listings.models.property import Property

__all__ = ["Enquiry", "Photo", "Property"]
