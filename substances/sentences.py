# SPDX-License-Identifier: Apache-2.0
"""English sentences for every fault that the readers find: which field it is, and what to do.

The desk translates them (`gettext_noop` only marks a text), the client prints them unchanged.
"""

from collections.abc import Mapping
from typing import Final

from substances.errors import InputRefusedError

Sentences = Mapping[str, str]


def gettext_noop(text: str) -> str:
    """Mark a text for the translation tools."""
    return text


STRUCTURE: Final[Sentences] = {
    "empty": gettext_noop("Structure: give a SMILES, an InChI or a MOL block."),
    "too_long": gettext_noop("Structure: longer than any substance of casework; give one structure alone."),
    "archive": gettext_noop(
        "Structure: this is an archive or a picture; unpack it and give the MOL file inside."
    ),
    "binary": gettext_noop("Structure: this is no text; save the drawing as a MOL file (V2000 or V3000)."),
    "mixed_script": gettext_noop(
        "Structure: letters of another script stand among the Latin ones; type it again or copy it from the source."
    ),
    "unknown_form": gettext_noop("Structure: name its form as smiles, inchi, mol, sdf or auto."),
    "unreadable": gettext_noop(
        "Structure: it cannot be read; compare it with the source, or give a MOL file."
    ),
    "a_name": gettext_noop(
        "Structure: this reads like a name; write it in the name's field, and draw or paste the structure."
    ),
    "an_inchikey": gettext_noop(
        "Structure: an InChIKey cannot be turned back into a structure; give the SMILES, the InChI or a MOL file."
    ),
    "a_cas_number": gettext_noop(
        "Structure: this is a CAS number; write it in its own field, and give the SMILES, the InChI or a MOL file here."
    ),
    "not_a_smiles": gettext_noop("Structure: a sign in it is none of a SMILES; compare it with the source."),
    "not_an_inchi": gettext_noop(
        "Structure: an InChI begins with InChI=1S/ and has no spaces; compare it with the source."
    ),
    "inchi_formula_disagrees": gettext_noop(
        "Structure: the formula in the InChI counts other atoms than its layers /c and /h; compare both with the source."
    ),
    "smiles_extension": gettext_noop(
        "Structure: an extended SMILES (with |) is not read; give the plain SMILES."
    ),
    "several_structures": gettext_noop("Structure: these are several; give one at a time."),
    "reaction": gettext_noop("Structure: this is a reaction; give the one substance that was found."),
    "r_group": gettext_noop("Structure: it holds an open place (R); give the one definite substance."),
    "query": gettext_noop("Structure: this is a search pattern; give the one definite substance."),
    "wildcard": gettext_noop("Structure: it holds an open place (*); give the one definite substance."),
    "polymer": gettext_noop(
        "Structure: polymers are not read; give the repeating unit as a substance of its own."
    ),
    "mixture": gettext_noop("Structure: this is a mixture; give each component by itself."),
    "cut_off": gettext_noop(
        "Structure: the MOL block has no end (M  END); it may be cut off, so copy it again."
    ),
    "no_counts_line": gettext_noop(
        "Structure: the MOL block has no counts line (V2000 or V3000); save the drawing again as a MOL file."
    ),
    "no_atoms": gettext_noop("Structure: there is no atom in it; draw or paste the substance."),
    "too_many_atoms": gettext_noop(
        "Structure: more than 300 heavy atoms; the science core is for small molecules."
    ),
    "too_many_rings": gettext_noop("Structure: more than 60 rings; the science core is for small molecules."),
    "too_many_components": gettext_noop(
        "Structure: more than 12 components; give the substance and its salt only."
    ),
    "impossible_valence": gettext_noop(
        "Structure: an atom has more bonds than it can have; correct the drawing."
    ),
    "impossible_aromatic": gettext_noop(
        "Structure: an aromatic ring in it is not possible; draw its double bonds, or add the missing hydrogen."
    ),
    "unknown_isotope": gettext_noop("Structure: an isotope in it does not exist; correct the mass number."),
    "radical": gettext_noop("Structure: an atom lacks a bond (radical); add the missing hydrogen or bond."),
}

SPECTRUM: Final[Sentences] = {
    "empty": gettext_noop("Spectrum: there is nothing in it; give a peak list or a file with one."),
    "too_large": gettext_noop(
        "Spectrum: over 4 MiB, or a line without end; export the peak list instead of the raw data."
    ),
    "archive": gettext_noop("Spectrum: this is an archive; unpack it and give the file inside."),
    "binary": gettext_noop("Spectrum: this is no text; export it as MSP, MGF, mzML or JCAMP-DX."),
    "mixed_encoding": gettext_noop("Spectrum: two text encodings are mixed; save it again as UTF-8."),
    "unknown_format": gettext_noop(
        'Spectrum: this format is not read; give MSP, MGF, mzML, JCAMP-DX, or one "m/z intensity" a line.'
    ),
    "format_damaged": gettext_noop("Spectrum: the file breaks the rules of its format; export it again."),
    "unsafe_xml": gettext_noop(
        "Spectrum: the file defines entities or is nested beyond reason; export it again as plain mzML."
    ),
    "too_many_spectra": gettext_noop("Spectrum: over 5,000 spectra in one file; split it."),
    "too_many_peaks": gettext_noop(
        "Spectrum: too many points; export the peak list instead of the whole trace."
    ),
    "peak_count": gettext_noop(
        "Spectrum: fewer or more peaks than it declares; it may be cut off, so export it again."
    ),
    "no_peaks": gettext_noop("Spectrum: no peak above zero is left; give the peak list."),
    "not_a_number": gettext_noop("Spectrum: a number is expected here; compare the source."),
    "not_finite": gettext_noop(
        "Spectrum: a value is NaN or infinite; leave that peak out or export it again."
    ),
    "out_of_range": gettext_noop(
        "Spectrum: a value lies outside what an instrument gives; compare the source."
    ),
    "negative_intensity": gettext_noop(
        "Spectrum: an intensity is below zero; correct the baseline and export it again."
    ),
    "profile_data": gettext_noop(
        "Spectrum: this is a continuous curve; pick the peaks and give the list (centroid)."
    ),
    "check_failed": gettext_noop(
        "Spectrum: a check value of the JCAMP-DX data disagrees; the file is damaged, export it again."
    ),
    "unknown_solvent": gettext_noop(
        "Spectrum: this solvent is not known; write it as CDCl3, DMSO-d6, CD3OD, D2O, acetone-d6 or the like."
    ),
    "unknown_nucleus": gettext_noop("Spectrum: this nucleus is not read; give 1H, 13C, 19F, 31P or 15N."),
    "unknown_multiplicity": gettext_noop(
        "Spectrum: this multiplicity is not known; write s, d, t, q, m, dd and so on, or leave it out."
    ),
    "nucleus_missing": gettext_noop("Spectrum: name the nucleus, for example 1H or 13C."),
    "decimal_comma": gettext_noop("Spectrum: write decimals with a point: 7.26, not 7,26."),
    "unsupported": gettext_noop("Spectrum: this part of the format is not read; export a plain peak list."),
    "content_disagrees": gettext_noop(
        "Spectrum: two statements of one record contradict each other; compare the source."
    ),
    "not_mass_spectrum": gettext_noop("Spectrum: the library takes mass spectra; leave this record out."),
    "name_missing": gettext_noop("Spectrum: the record has no name; add one."),
    "identity_missing": gettext_noop("Spectrum: the record names no structure; add an InChIKey or a SMILES."),
    "inchikey_malformed": gettext_noop(
        "Spectrum: the InChIKey of the record has not 14, 10 and 1 letters; compare the source."
    ),
    "already_in_file": gettext_noop("Spectrum: the same record stands in the file before; leave it out."),
    "already_in_library": gettext_noop("Spectrum: your library holds this record already."),
}

SPECTRUM_NOTICES: Final[Sentences] = {
    "peaks_sorted": gettext_noop("The peaks were put in order."),
    "duplicates_merged": gettext_noop("Peaks of equal position were added up."),
    "empty_peaks_dropped": gettext_noop("Peaks without height were left out."),
    "points_thinned": gettext_noop("The curve was thinned for display; every high and low was kept."),
    "encoding_guessed": gettext_noop("The text was no UTF-8; it was read as Latin-1, so compare accents."),
    "real_part_only": gettext_noop("Only the real part was read."),
    "solvent_missing": gettext_noop("No solvent is stated."),
    "frequency_missing": gettext_noop("No frequency is stated."),
}
"""Corrections made while reading a spectrum, and missing data, by the codes of substances.spectra.limits.NOTICES."""

PROFILE: Final[Sentences] = {
    "form": gettext_noop("Profile: give method, version and a list of values."),
    "name": gettext_noop("Profile: name method and version with 1 to 80 plain characters."),
    "count": gettext_noop("Profile: give 2 to 500 values, one for each target of the method."),
    "nothing_detected": gettext_noop(
        "Profile: no target is detected; such a profile says nothing of a source."
    ),
    "number": gettext_noop(
        "Profile: a number is expected here; where nothing was detected write nd, in JSON null."
    ),
    "not_finite": gettext_noop(
        "Profile: a value is NaN or infinite; where nothing was detected write nd, in JSON null."
    ),
    "negative": gettext_noop("Profile: a value is below zero; compare the source."),
    "zero": gettext_noop(
        "Profile: a value is zero; absent means below detection, so write nd, in JSON null."
    ),
    "too_large": gettext_noop("Profile: a value is larger than any measurement; compare the source."),
    "decimal_comma": gettext_noop("Profile: write decimals with a point: 0.12, not 0,12."),
    "unknown_method": gettext_noop("Profile: this method is not known here; choose one of the list."),
    "unknown_version": gettext_noop(
        "Profile: this version of the method is not known here; choose one of the list."
    ),
    "length": gettext_noop(
        "Profile: not as many values as the method has targets; give one for each, nd for none (in JSON null)."
    ),
    "not_csv": gettext_noop("Profile: this is no table; give comma-separated values."),
    "columns": gettext_noop("Profile: the columns are not those of the format; compare its first line."),
    "samples": gettext_noop("Profile: too few or too many samples; compare the format."),
    "identity": gettext_noop("Profile: a sample, laboratory or source is not named; fill it in."),
}

ISOTOPES: Final[Sentences] = {
    "form": gettext_noop(
        "Isotopes: give ratios, region, certainty and basis; each ratio with standard, value and uncertainty."
    ),
    "repeated": gettext_noop("Isotopes: a ratio stands twice; give each once."),
    "unknown_isotope": gettext_noop(
        "Isotopes: this ratio is not read; give d2H, d13C, d15N, d18O, d34S or 87Sr/86Sr."
    ),
    "unknown_standard": gettext_noop(
        "Isotopes: not the standard of that ratio: VSMOW for hydrogen and oxygen, VPDB for carbon, AIR for nitrogen, "
        "VCDT for sulfur, SRM987 for strontium."
    ),
    "number": gettext_noop("Isotopes: a number is expected here; compare the source."),
    "not_finite": gettext_noop("Isotopes: a value is NaN or infinite; leave that ratio out."),
    "out_of_range": gettext_noop("Isotopes: no material has such a ratio; compare sign and decimal point."),
    "uncertainty": gettext_noop("Isotopes: give an uncertainty above zero, in the unit of the ratio."),
    "certainty": gettext_noop("Isotopes: say how sure the region is: suggested, probable or strong."),
    "text": gettext_noop("Isotopes: name region and basis in 1 to 500 characters."),
}

SENTENCES: Final[Mapping[str, Sentences]] = {
    "structure": STRUCTURE,
    "spectrum": SPECTRUM,
    "profile": PROFILE,
    "isotopes": ISOTOPES,
}
"""Sentences by the field that a reader names, then by its code."""


def sentence_of(refused: InputRefusedError) -> str:
    """Return the sentence, with the position where the reader names one; it repeats nothing of the input."""
    text = SENTENCES.get(refused.field, {}).get(refused.code)
    text = text or f"{refused.field}: it cannot be read; compare the source."
    return f"{text} ({refused.where})" if refused.where else text
