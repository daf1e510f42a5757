"""The DICOM document of one procedure, from its record alone: a Performed Imaging Agent Administration SR as a Part 10 file."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from pydicom import dcmwrite
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from controller.record.errors import RecordError
from controller.report.dicom_codes import MAMMARY_DUCTOGRAM, OWN_SCHEME
from controller.report.dicom_content import root
from controller.report.dicom_facts import Facts, facts_of
from controller.report.dicom_items import coded, short
from controller.report.dicom_uids import uid

SOP_CLASS: Final = "1.2.840.10008.5.1.4.1.1.88.75"
_UTC_FRAME: Final = "1.2.840.10008.15.1.1"
"""The frame of reference of everything that is synchronised to UTC."""


@dataclass(frozen=True, slots=True)
class Document:
    """data: the file. headline, warnings: as in the report for people."""

    data: bytes
    headline: str
    warnings: tuple[str, ...]


def sr_of(path: Path) -> bytes:
    """The file. The same record gives the same bytes. Raises RecordError where no honest document can be made of it."""
    return document_of(path).data


def document_of(path: Path) -> Document:
    """The file, and what to say of it. Raises RecordError."""
    try:
        facts = facts_of(path)
        return Document(_bytes(_dataset(facts), facts), facts.headline, facts.warnings)
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # what no version of the host has written
        raise RecordError(
            f"{path.name} holds something that no DICOM document can be made of: {type(error).__name__} {error}"
        ) from error


def _dataset(facts: Facts) -> Dataset:
    """All modules. What is plain ASCII needs no character set, and more programs read it."""
    dataset = root(facts)
    del dataset.RelationshipType  # the root has no parent
    _patient_and_study(dataset, facts)
    _series_and_equipment(dataset, facts)
    _document(dataset, facts)
    if not all(_is_ascii(item) for item in dataset.iterall()):
        dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset


def _patient_and_study(dataset: Dataset, facts: Facts) -> None:
    """A pseudonym is all that is known of the patient. The study is one of its own: nobody told of another one."""
    started = facts.utc(0.0)
    dataset.PatientName = ""
    dataset.PatientID = short("patient", facts.who.patient)
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.StudyInstanceUID = uid(facts.seed, "study")
    dataset.StudyDate = f"{started:%Y%m%d}"
    dataset.StudyTime = f"{started:%H%M%S.%f}"
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = ""
    dataset.AccessionNumber = ""


def _series_and_equipment(dataset: Dataset, facts: Facts) -> None:
    header = facts.shown.header
    synchronised = (header.get("clock") or {}).get("synchronised") is True and header.get("time") != "virtual"
    dataset.Modality = "SR"
    dataset.SeriesInstanceUID = uid(facts.seed, "series")
    dataset.SeriesNumber = 1
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.SynchronizationFrameOfReferenceUID = _UTC_FRAME if synchronised else uid(facts.seed, "synchronization")
    dataset.SynchronizationTrigger = "NO TRIGGER"
    dataset.AcquisitionTimeSynchronized = "Y" if synchronised else "N"
    dataset.Manufacturer = "ductoject"
    dataset.ManufacturerModelName = "ductoject"
    dataset.DeviceSerialNumber = "none"  # may not be empty; a program has none, and those of the devices are in the content
    dataset.SoftwareVersions = short("version", str(header.get("version")))


def _document(dataset: Dataset, facts: Facts) -> None:
    ended = facts.utc(facts.last_s)
    dataset.SOPClassUID = SOP_CLASS
    dataset.SOPInstanceUID = uid(facts.shown.last_hash, "document")
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.InstanceNumber = 1
    dataset.ContentDate = f"{ended:%Y%m%d}"
    dataset.ContentTime = f"{ended:%H%M%S.%f}"
    dataset.CompletionFlag = "PARTIAL" if facts.reason is None else "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.PerformedProcedureCodeSequence = [coded(MAMMARY_DUCTOGRAM)]
    scheme = Dataset()
    scheme.CodingSchemeDesignator = OWN_SCHEME
    scheme.CodingSchemeName = "Concepts of ductoject that no other scheme has"
    dataset.CodingSchemeIdentificationSequence = [scheme]


def _is_ascii(element: DataElement) -> bool:
    return not isinstance(element.value, str) or element.value.isascii()


def _bytes(dataset: Dataset, facts: Facts) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(uid("implementation"))
    meta.ImplementationVersionName = "DUCTOJECT"
    with BytesIO() as file:
        dcmwrite(file, FileDataset(facts.shown.record, dataset, file_meta=meta, preamble=bytes(128)), enforce_file_format=True)
        return file.getvalue()
