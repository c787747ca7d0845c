"""The words that forms offer and the database accepts."""

from django.db import models


class ListingStatus(models.TextChoices):
    """Draft -> pending approval -> live or rejected; live <-> paused; live -> expired.

    The allowed steps stand in `listings/lifecycle.py`.
    """

    DRAFT = "draft", "Draft"
    PENDING_APPROVAL = "pending_approval", "Pending approval"
    LIVE = "live", "Live"
    REJECTED = "rejected", "Rejected"
    PAUSED = "paused", "Paused"
    EXPIRED = "expired", "Expired"


class EnquiryStatus(models.TextChoices):
    """New -> contacted -> converted or lost; spam from anywhere but converted."""

    NEW = "new", "New"
    CONTACTED = "contacted", "Contacted"
    CONVERTED = "converted", "Converted"
    LOST = "lost", "Lost"
    SPAM = "spam", "Spam"


class PropertyType(models.TextChoices):
    MANOR_HOUSE = "manor_house", "Manor house"
    COUNTRY_HOUSE = "country_house", "Country house"
    COTTAGE = "cottage", "Cottage"
    CASTLE = "castle", "Castle"
    LUXURY_HOUSE = "luxury_house", "Luxury house"
    PARTY_HOUSE = "party_house", "Party house"
    STATELY_HOUSE = "stately_house", "Stately house"
    QUIRKY_PROPERTY = "quirky_property", "Quirky property"


class Occasion(models.TextChoices):
    """What a house is best for."""

    HEN_PARTIES = "hen_parties", "Hen parties"
    BIRTHDAYS = "birthdays", "Birthdays"
    CORPORATE_EVENTS = "corporate_events", "Corporate events"
    FAMILY_GATHERINGS = "family_gatherings", "Family gatherings"
    WEDDINGS = "weddings", "Weddings"


class Amenity(models.TextChoices):
    HOT_TUB = "hot_tub", "Hot tub"
    SAUNA = "sauna", "Sauna"
    GAMES_ROOM = "games_room", "Games room"
    GARDEN = "garden", "Garden"
    BBQ = "bbq", "BBQ"
    PARKING = "parking", "Parking"
    WIFI = "wifi", "WiFi"
    PETS_ALLOWED = "pets_allowed", "Pets allowed"


class AddOn(models.TextChoices):
    """Extras that a guest may ask about."""

    COCKTAIL_MASTERCLASS = "cocktail_masterclass", "Cocktail masterclass"
    BUTLERS_IN_THE_BUFF = "butlers_in_the_buff", "Butlers in the buff"
    LIFE_DRAWING = "life_drawing", "Life drawing"
    PRIVATE_CHEF = "private_chef", "Private chef"
    SPA_TREATMENTS = "spa_treatments", "Spa treatments"
    MOBILE_BEAUTY_BAR = "mobile_beauty_bar", "Mobile beauty bar"
    MAKE_UP_ARTIST = "make_up_artist", "Make-up artist"
    HAIR_STYLING = "hair_styling", "Hair styling"
    PROSECCO_RECEPTION = "prosecco_reception", "Prosecco reception"
    AFTERNOON_TEA = "afternoon_tea", "Afternoon tea"
    BBQ_CATERING = "bbq_catering", "BBQ catering"
    PIZZA_MAKING = "pizza_making", "Pizza making class"
    BOTTOMLESS_BRUNCH = "bottomless_brunch", "Bottomless brunch"
    BRUNCH_PACKAGE = "brunch_package", "Brunch package"
    GIN_TASTING = "gin_tasting", "Gin tasting"
    WINE_TASTING = "wine_tasting", "Wine tasting"
    COCKTAIL_BAR_HIRE = "cocktail_bar_hire", "Cocktail bar hire"
    FLOWER_CROWN_MAKING = "flower_crown_making", "Flower crown making"
    DANCE_CLASS = "dance_class", "Dance class"
    KARAOKE_NIGHT = "karaoke_night", "Karaoke night"
    YOGA_SESSION = "yoga_session", "Yoga session"
    PHOTOGRAPHY = "photography", "Photography package"
    VIDEOGRAPHY = "videography", "Videography package"
    DJ_ENTERTAINMENT = "dj_entertainment", "DJ entertainment"
    GAMES_AND_ACTIVITIES = "games_and_activities", "Games and activities pack"
    DECORATIONS_AND_BALLOONS = "decorations_and_balloons", "Decorations and balloons"
    PERSONALISED_ROBES = "personalised_robes", "Personalised robes"
    PAMPER_PARTY = "pamper_party", "Pamper party package"


class VideoType(models.TextChoices):
    YOUTUBE = "youtube", "YouTube"
    VIMEO = "vimeo", "Vimeo"
