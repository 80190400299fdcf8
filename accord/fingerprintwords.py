# SPDX-License-Identifier: Apache-2.0 AND MIT
"""A fingerprint in words, to be read aloud beside its digits: the PGP word list, two words for four digits.

- Each octet is a word: of two syllables in an even place, of three in an odd one, so that a missing, repeated or exchanged word
  is heard.
- All 32 octets of a fingerprint are said, in 32 words: the words carry 256 bits, as the digits do, and nothing is shortened.
- The digits decide: no program here reads words, and they are English whatever the page's language.

Source: P. Juola and P. Zimmermann, Whole-Word Phonetic Distances and the PGPfone Alphabet, 1996; PGPfone Owner's Manual,
appendix "The PGP Word List". The words are those of magic-wormhole (src/wormhole/_wordlist.py at 6fa0e455), whose licence is:
"""

# The MIT License (MIT)
#
# Copyright (c) 2015 Brian Warner
#
# Permission is hereby granted, free of charge, to any person obtaining a copy
# of this software and associated documentation files (the "Software"), to deal
# in the Software without restriction, including without limitation the rights
# to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
# copies of the Software, and to permit persons to whom the Software is
# furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in all
# copies or substantial portions of the Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
# IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
# FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
# AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
# LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
# OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
# SOFTWARE.

from typing import Final

_EVEN: Final = """
aardvark absurd accrue acme adrift adult afflict ahead aimless Algol allow alone ammo ancient apple artist
assume Athens atlas Aztec baboon backfield backward banjo beaming bedlamp beehive beeswax befriend Belfast
berserk billiard bison blackjack blockade blowtorch bluebird bombast bookshelf brackish breadline breakup
brickyard briefcase Burbank button buzzard cement chairlift chatter checkup chisel choking chopper Christmas
clamshell classic classroom cleanup clockwork cobra commence concert cowbell crackdown cranky crowfoot
crucial crumpled crusade cubic dashboard deadbolt deckhand dogsled dragnet drainage dreadful drifter dropper
drumbeat drunken Dupont dwelling eating edict egghead eightball endorse endow enlist erase escape exceed
eyeglass eyetooth facial fallout flagpole flatfoot flytrap fracture framework freedom frighten gazelle
Geiger glitter glucose goggles goldfish gremlin guidance hamlet highchair hockey indoors indulge inverse
involve island jawbone keyboard kickoff kiwi klaxon locale lockup merit minnow miser Mohawk mural music
necklace Neptune newborn nightbird Oakland obtuse offload optic orca payday peachy pheasant physique
playhouse Pluto preclude prefer preshrunk printer prowler pupil puppy python quadrant quiver quota ragtime
ratchet rebirth reform regain reindeer rematch repay retouch revenge reward rhythm ribcage ringbolt robust
rocker ruffled sailboat sawdust scallion scenic scorecard Scotland seabird select sentence shadow shamrock
showgirl skullcap skydive slingshot slowdown snapline snapshot snowcap snowslide solo southward soybean
spaniel spearhead spellbind spheroid spigot spindle spyglass stagehand stagnate stairway standard stapler
steamship sterling stockman stopwatch stormy sugar surmount suspense sweatband swelter tactics talon
tapeworm tempest tiger tissue tonic topmost tracker transit trauma treadmill Trojan trouble tumor tunnel
tycoon uncut unearth unwind uproot upset upshot vapor village virus Vulcan waffle wallet watchword wayside
willow woodlark Zulu
"""
_ODD: Final = """
adroitness adviser aftermath aggregate alkali almighty amulet amusement antenna applicant Apollo armistice
article asteroid Atlantic atmosphere autopsy Babylon backwater barbecue belowground bifocals bodyguard
bookseller borderline bottomless Bradbury bravado Brazilian breakaway Burlington businessman butterfat
Camelot candidate cannonball Capricorn caravan caretaker celebrate cellulose certify chambermaid Cherokee
Chicago clergyman coherence combustion commando company component concurrent confidence conformist
congregate consensus consulting corporate corrosion councilman crossover crucifix cumbersome customer Dakota
decadence December decimal designing detector detergent determine dictator dinosaur direction disable
disbelief disruptive distortion document embezzle enchanting enrollment enterprise equation equipment
escapade Eskimo everyday examine existence exodus fascinate filament finicky forever fortitude frequency
gadgetry Galveston getaway glossary gossamer graduate gravity guitarist hamburger Hamilton handiwork
hazardous headwaters hemisphere hesitate hideaway holiness hurricane hydraulic impartial impetus inception
indigo inertia infancy inferno informant insincere insurgent integrate intention inventive Istanbul Jamaica
Jupiter leprosy letterhead liberty maritime matchmaker maverick Medusa megaton microscope microwave
midsummer millionaire miracle misnomer molasses molecule Montana monument mosquito narrative nebula
newsletter Norwegian October Ohio onlooker opulent Orlando outfielder Pacific pandemic Pandora paperweight
paragon paragraph paramount passenger pedigree Pegasus penetrate perceptive performance pharmacy phonetic
photograph pioneer pocketful politeness positive potato processor provincial proximate puberty publisher
pyramid quantity racketeer rebellion recipe recover repellent replica reproduce resistor responsive
retraction retrieval retrospect revenue revival revolver sandalwood sardonic Saturday savagery scavenger
sensation sociable souvenir specialist speculate stethoscope stupendous supportive surrender suspicious
sympathy tambourine telephone therapist tobacco tolerance tomorrow torpedo tradition travesty trombonist
truncated typewriter ultimate undaunted underfoot unicorn unify universe unravel upcoming vacancy vagabond
vertigo Virginia visitor vocalist voyager warranty Waterloo whimsical Wichita Wilmington Wyoming yesteryear
Yucatan
"""

_OF_TWO_SYLLABLES: Final = tuple(_EVEN.split())
_OF_THREE_SYLLABLES: Final = tuple(_ODD.split())


def fingerprint_words(fingerprint: str) -> list[tuple[str, str]]:
    """Return each group of four hex digits with its two words; spaces between the digits make no difference."""
    octets = bytes.fromhex(fingerprint)
    pairs = zip(octets[::2], octets[1::2], strict=True)
    return [
        (f"{even:02x}{odd:02x}", f"{_OF_TWO_SYLLABLES[even]} {_OF_THREE_SYLLABLES[odd]}")
        for even, odd in pairs
    ]
