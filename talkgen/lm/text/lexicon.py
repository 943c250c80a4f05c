"""The words of the English-to-French grammar with their forms: tables and nothing else; knows no sentences."""

from __future__ import annotations

from dataclasses import dataclass

PERSON, ANIMAL, THING, TEXT, PLACE = "patxl"  # kinds of nouns, as letters in the tables


@dataclass(frozen=True)
class Noun:
    """Singular and plural on both sides, gender, kind."""

    english: tuple[str, str]
    french: tuple[str, str]
    feminine: bool
    kind: str


@dataclass(frozen=True)
class Adjective:
    """English; French by [plural][feminine] and before a vowel; its place among English adjectives, whom it suits."""

    english: str
    french: tuple[tuple[str, str], tuple[str, str]]
    before_vowel: str
    order: int
    kinds: str


@dataclass(frozen=True)
class Verb:
    """English base, third person and participle; French singular, plural and participle; its subjects and objects."""

    english: tuple[str, str, str]
    french: tuple[str, str, str]
    subjects: str
    objects: str


_NOUNS = """
man men homme hommes m p / woman women femme femmes f p / child children enfant enfants m p
friend friends ami amis m p / doctor doctors médecin médecins m p / teacher teachers professeur professeurs m p
queen queens reine reines f p / minister ministers ministre ministres m p
cat cats chat chats m a / dog dogs chien chiens m a / horse horses cheval chevaux m a / cow cows vache vaches f a
bird birds oiseau oiseaux m a
house houses maison maisons f t / car cars voiture voitures f t / flower flowers fleur fleurs f t
tree trees arbre arbres m t / boat boats bateau bateaux m t / picture pictures image images f t / key keys clé clés f t
book books livre livres m x / letter letters lettre lettres f x / agreement agreements accord accords m x
law laws loi lois f x / report reports rapport rapports m x / story stories histoire histoires f x
garden gardens jardin jardins m l / city cities ville villes f l / school schools école écoles f l
market markets marché marchés m l / area areas zone zones f l / country countries pays pays m l
church churches église églises f l
"""
# Orders: 0 what one thinks of it, 1 those that go before the French noun, 2 colour, 3 origin, 4 domain.
_ADJECTIVES = """
happy heureux heureuse heureux heureuses 0 pa / tired fatigué fatiguée fatigués fatiguées 0 pa
strange étrange étrange étranges étranges 0 patxl / famous célèbre célèbre célèbres célèbres 0 pxl
small petit petite petits petites 1 patl / big grand grande grands grandes 1 patl
old vieux vieille vieux vieilles 1 patxl vieil / beautiful beau belle beaux belles 1 patxl bel
new nouveau nouvelle nouveaux nouvelles 1 txl nouvel / young jeune jeune jeunes jeunes 1 pa
black noir noire noirs noires 2 at / white blanc blanche blancs blanches 2 at / red rouge rouge rouges rouges 2 at
green vert verte verts vertes 2 at
french français française français françaises 3 ptxl / american américain américaine américains américaines 3 ptxl
european européen européenne européens européennes 3 ptxl
economic économique économique économiques économiques 4 xl
"""
_VERBS = """
sleep sleeps slept dort dorment dormi pa - / sing sings sung chante chantent chanté pa -
work works worked travaille travaillent travaillé p - / see sees seen voit voient vu pa patxl
love loves loved aime aiment aimé pa patxl / find finds found trouve trouvent trouvé pa patxl
follow follows followed suit suivent suivi pa pa / buy buys bought achète achètent acheté p at
sell sells sold vend vendent vendu p at / read reads read lit lisent lu p x
write writes written écrit écrivent écrit p x / sign signs signed signe signent signé p x
leave leaves left quitte quittent quitté pa l
"""
GIVE = Verb(("give", "gives", "given"), ("donne", "donnent", "donné"), PERSON, THING + TEXT)
SPEAK = Verb(("speak", "speaks", "spoken"), ("parle", "parlent", "parlé"), PERSON, PERSON)
PASSIVE = ("find", "sell", "write", "sign")

DETERMINERS = {"the": ("le", "la", "les"), "a": ("un", "une", "des"), "my": ("mon", "ma", "mes")}
DETERMINERS |= {"this": ("ce", "cette", "ces")}
PLURAL = {"a": "some", "this": "these"}
SUBJECTS = {"he": "il", "she": "elle", "they": "ils"}
OBJECTS = {"him": "le", "her": "la", "them": "les"}
ADVERBS = {"not": "pas", "never": "jamais", "often": "souvent", "always": "toujours"}
MONTHS = {"march": "mars", "june": "juin", "august": "août", "october": "octobre"}
YEARS = ("1957", "1992", "2004", "2017")

VOWELS = tuple("aeéiouêhâ")  # every h of this vocabulary is mute
ELIDED = {"le": "l'", "la": "l'", "ne": "n'", "de": "d'", "ma": "mon", "ce": "cet"}
MERGED = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}


def _table(text: str) -> list[list[str]]:
    return [entry.split() for line in text.strip().splitlines() for entry in line.split(" / ")]


NOUNS = [Noun((a, b), (c, d), gender == "f", kind) for a, b, c, d, gender, kind in _table(_NOUNS)]
ADJECTIVES = [
    Adjective(english, ((m, f), (mp, fp)), vowel[0] if vowel else m, int(order), kinds)
    for english, m, f, mp, fp, order, kinds, *vowel in _table(_ADJECTIVES)
]
VERBS = [
    Verb((base, third, participle), (singular, plural, done), subjects, objects.strip("-"))
    for base, third, participle, singular, plural, done, subjects, objects in _table(_VERBS)
]


def english_words() -> set[str]:
    """Every English word of the grammar."""
    words = {*DETERMINERS, *PLURAL.values(), *SUBJECTS, *OBJECTS, *ADVERBS, *MONTHS, *YEARS}
    words |= set("an 's on to in by do does has have was were".split())
    words |= {word for verb in (*VERBS, GIVE, SPEAK) for word in verb.english}
    return words | {word for noun in NOUNS for word in noun.english} | {each.english for each in ADJECTIVES}


def french_words() -> set[str]:
    """Every French word of the grammar."""
    words = {word for forms in DETERMINERS.values() for word in forms}
    words |= {*ELIDED.values(), *MERGED.values(), *SUBJECTS.values(), *OBJECTS.values(), *ADVERBS.values()}
    words |= {*MONTHS.values(), *YEARS, *"de à sur dans par en ne a ont été".split()}
    words |= {word for verb in (*VERBS, GIVE, SPEAK) for word in verb.french}
    words |= {verb.french[2] + ending for verb in VERBS if verb.english[0] in PASSIVE for ending in ("e", "s", "es")}
    words |= {word for noun in NOUNS for word in noun.french}
    return words | {word for each in ADJECTIVES for word in (*each.french[0], *each.french[1], each.before_vowel)}
