"""A camera's card: pictures of known species without labels, in folders that a camera made."""

from pathlib import Path

from PIL import Image

TIMES = ("2021:03:04 05:06:07", "2021:03:04 05:06:08", "2021:03:04 05:06:30", "")
NUM_PICTURES = 12


def write_card(card: Path, source: Path) -> dict[str, str]:
    """Writes JPEGs of a tiny source; returns each with the file that it was made of."""
    files = sorted(source.rglob("*.png"))[:: len(list(source.rglob("*.png"))) // NUM_PICTURES]
    written = {}
    for number, file in enumerate(files[:NUM_PICTURES]):
        name = f"North/DCIM/{100 + number // 8}RECNX/RCNX{number:04d}.JPG"
        path = card / name
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        if TIMES[number % 4]:
            exif[0x0132] = TIMES[number % 4].replace(":04 ", f":{4 + number // 4:02d} ")
        with Image.open(file) as image:
            image.save(path, "JPEG", quality=95, exif=exif)
        written[name] = file.relative_to(source).as_posix()
    return written
