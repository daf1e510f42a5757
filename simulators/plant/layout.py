"""Where each number of a plant stands in its row. First what the plant is, then what has become of it.

Volumes are in uL, pressures gauge in kPa, times in s since the plant began. Resistances are those at the first temperature.
"""

# the line
SYRINGE_UL_KPA = 0
TUBE_UL_KPA = 1
BUBBLE_UL = 2
TUBE_G = 3  # conductances in uL/s per kPa; 0: closed
CANNULA_G = 4
LEAK_G = 5
THICKENING_PER_S = 6
MENISCUS_KPA = 7
# where the tip is, and what that changes
TIP = 8
WALL_CONTACT = 9
COLUMN_KPA = 10
# the duct
SCALE_UL = 11
SCALE_KPA = 12
RELAXATION = 13
RELAXATION_S = 14
# ways out of the duct
RUPTURE_KPA = 15
RUPTURE_AFTER_UL = 16
TISSUE_KPA_S_UL = 17
TISSUE_KPA = 18
TISSUE_KPA_UL = 19
MICRO_LEAK_KPA = 20
MICRO_LEAK_KPA_S_UL = 21
REFLUX_KPA = 22
REFLUX_KPA_S_UL = 23
# squeezes of the breast: the ordered one, and the present or next one of the patient's own
ORDERED_KPA = 24
ORDERED_FROM_S = 25
ORDERED_S = 26
OWN_KPA = 27
OWN_FROM_S = 28
OWN_S = 29

# volumes on the elastic laws (a law may change: then they do), and what the wall has given way
LINE_UL = 30
HUB_UL = 31
DUCT_LAW_UL = 32
GIVEN_WAY_KPA = 33
TORN = 34
NOW_S = 35
# pressures that follow from them
LINE_KPA = 36
HUB_KPA = 37
ELASTIC_KPA = 38
TRANSMURAL_KPA = 39
SQUEEZE_KPA = 40
# what has gone where
PUMPED_UL = 41
STORED_UL = 42
IN_DUCT_UL = 43
EXTRAVASATED_UL = 44
REFLUX_UL = 45
OUT_UL = 46
CANNULA_UL = 47
CANNULA_UL_S = 48

SOURCES = 49
LENGTH = 50

AIR = 0.0
CAPPED = 1.0
PATIENT = 2.0
"""Values of TIP."""
