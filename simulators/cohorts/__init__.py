"""Cohorts: virtual patients as data. A TOML file says how a population is made up; every patient is drawn from it.

A patient depends on the cohort, the seed and the index, and on nothing else.
"""

from simulators.cohorts.cohort import Cohort, Patient, Row, Subgroup, describe
from simulators.cohorts.problems import CohortError
from simulators.cohorts.reading import SUBGROUPS, cohort_names, load_cohort

__all__ = ["SUBGROUPS", "Cohort", "CohortError", "Patient", "Row", "Subgroup", "cohort_names", "describe", "load_cohort"]
