"""Names whose accented letters were lost before the file reached us, and replaced by a sign (U+FFFD) that means so."""

import re
from typing import Final

LOST: Final = "\ufffd"

WORDS: Final = (  # noqa: SIM905 - a hundred words in quotes are harder to read
    "Aérea Alférez América Américas Ángel Aragón Balcázar Bárbara Belalcázar Belén Beltrán Benjamín Berlín Bogotá "
    "Bolívar Bretaña Cámbulos Campiña Caña Cañas Cañaveral Cañaverales Cañaveralejo Castañeda Colón Compañía Córdoba "
    "Cristóbal Eliécer España Estación Fátima Fé Fundación Gaitán García Garcés Gómez Guzmán Hernández Holguín Isaías "
    "Jardín Jesús Joaquín Jordán José Juanambú Junín León Líbano Londoño Málaga María Marroquín Martín "
    "Martínez Meléndez Méndez Mónica Montaña Mortiñal Nápoles Nariño Nicolás Núñez Olímpica Olímpico "
    "Orquídeas Páez Panamá Paraíso Peñas Peñón Pérez Popayán Quiñones Ramírez República Rincón Río Rodríguez "
    "Sánchez Sebastián Siloé Simón Suárez Trébol Unión Urbanización Velásquez Zúñiga"
).split()
"""Words of which names of places are made here, each with a letter that is lost when a file is read wrongly."""


def with_letters_back(name: str) -> str:
    """`name` with its lost letters put back, word by word, where exactly one of `WORDS` fits; else as it is."""
    if LOST not in name:
        return name
    return _WORD.sub(lambda found: _restored(found[0]), name)


_WORD: Final = re.compile(rf"[\w{LOST}]*{LOST}[\w{LOST}]*")


def _restored(word: str) -> str:
    shape = re.compile("".join("[^\x00-\x7f]" if letter == LOST else re.escape(letter) for letter in word))
    fitting = [known for known in WORDS if shape.fullmatch(known)]
    return fitting[0] if len(fitting) == 1 else word
