"""What can be put into a diagram at a place: found by what was typed, ranked by what fits the wires there."""

from blockstudio.analysis.offers.fitting import Fit, Fitter, Where
from blockstudio.analysis.offers.offers import Offer, Offers, offers

__all__ = ["Fit", "Fitter", "Offer", "Offers", "Where", "offers"]
