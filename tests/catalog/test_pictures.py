"""Pictures: what is taken, what is left behind, how they are served, and who may add one."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import JournalEntry
from catalog.actions.pictures import add_picture
from catalog.models.content import Asset
from catalog.pictures import LARGEST_FILE, BadPicture, address_of, name_of, read_picture
from tests.build import NOON, make_user

NO_PICTURE = "This is no picture that can be read: use PNG, JPEG, GIF or WebP."
NO_DRAWING = "Drawings (SVG) can hold programs: save it as PNG, JPEG, GIF or WebP."
TOO_MANY_PIXELS = "A picture may have 25 million pixels at most."


def written(kind="PNG", size=(4, 3), mode="RGB", **options):
    to = io.BytesIO()
    Image.new(mode, size, 120).save(to, kind, **options)
    return to.getvalue()


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_of(width, height, pixels=b""):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def webp_canvas(width, height):
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def frames(kind, count, size=(4, 3)):
    first, *others = [Image.new("RGB", size, (number * 50 % 256, 90, 9)) for number in range(count)]
    to = io.BytesIO()
    first.save(to, kind, save_all=True, append_images=others, duration=70, loop=0)
    return to.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_each_kind_is_made_anew_in_its_size(kind):
    picture = read_picture(written(kind))

    assert (picture.media_type, picture.width, picture.height) == (f"image/{kind.lower()}", 4, 3)
    with Image.open(io.BytesIO(picture.data)) as again:
        assert (again.format, again.size) == (kind, (4, 3))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_way_of_keeping_colours_is_read(mode):
    assert read_picture(written("PNG", mode=mode)).width == 4


def test_a_print_picture_becomes_one_for_screens():
    data = read_picture(written("JPEG", mode="CMYK")).data

    with Image.open(io.BytesIO(data)) as again:
        assert again.mode == "RGB"


def test_nothing_that_hid_in_a_file_is_served():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # lies on its side
    notes = PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    jpeg = written("JPEG", exif=exif, comment=b"<?php system(1); ?>")
    png = written("PNG", pnginfo=notes)

    for data in (jpeg + b"<script>alert(1)</script>PK\x03\x04", png + b"<html>"):
        picture = read_picture(data)
        for hidden in (b"home", b"script", b"php", b"PK\x03\x04", b"<html>", b"Exif"):
            assert hidden not in picture.data

    assert (read_picture(jpeg).width, read_picture(jpeg).height) == (3, 4)  # upright


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_goes_on_moving(kind):
    picture = read_picture(frames(kind, 3))

    with Image.open(io.BytesIO(picture.data)) as again:
        assert getattr(again, "n_frames", 1) == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty."),
        (b"hello", NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", NO_PICTURE),
        (written("PNG")[:50], NO_PICTURE),
        (written("BMP"), NO_PICTURE),
        (written("TIFF"), NO_PICTURE),
        (written("ICO"), NO_PICTURE),
        (b"%PDF-1.4", NO_PICTURE),
        (b"GIF89a/*" + b"\0" * 20 + b"*/=alert(1)", NO_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", NO_DRAWING),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", NO_DRAWING),
        (b"<html><script>alert(1)</script>", NO_DRAWING),
        (b"\0" * (LARGEST_FILE + 1), "A picture may have 5 MB at most."),
        (png_of(7000, 7000), TOO_MANY_PIXELS),
        (png_of(2**31 - 1, 2**31 - 1), TOO_MANY_PIXELS),
        (png_of(100_000, 1), "A picture may have 8000 pixels on a side at most."),
        (png_of(20_000, 20_000), TOO_MANY_PIXELS),
        (webp_canvas(7_500, 7_500), TOO_MANY_PIXELS),
        (webp_canvas(2**24, 2**24), "A picture may have 8000 pixels on a side at most."),
        (frames("GIF", 201), "This animation has too many pictures: shorten it."),
    ],
)
def test_what_is_no_picture_of_ours_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(BadPicture) as refusal:
        read_picture(data)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hat.png", "hat.png"),
        ("C:\\Users\\ana\\hat.png", "hat.png"),
        ("../../etc/passwd", "passwd"),
        ("<img src=x>\0\n.png", "img src=x.png"),
        ("", "Picture"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
    ],
)
def test_a_picture_is_called_as_its_file(given, kept):
    assert name_of(given) == kept


@pytest.mark.django_db
def test_the_same_picture_is_kept_once():
    first = add_picture(name="a.png", data=written(), by=None, at=NOON)
    second = add_picture(name="b.png", data=written(), by=None, at=NOON)

    assert first == second
    assert Asset.objects.count() == 1
    assert JournalEntry.objects.filter(verb="picture.added").count() == 1


@pytest.mark.django_db
def test_a_picture_is_served_to_everybody_for_ever_and_can_do_nothing(client):
    asset = add_picture(name="a.png", data=written(), by=None, at=NOON)
    client.force_login(make_user())

    answer = client.get(address_of(asset))

    assert answer.status_code == 200
    assert answer.content == bytes(asset.data)
    assert not answer.cookies
    assert {name: answer[name] for name in answer.headers if name != "X-Request-ID"} == {
        "Content-Type": "image/png",
        "Content-Length": str(asset.size),
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{asset.hash}"',
        "Content-Language": "en",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


@pytest.mark.django_db
def test_a_picture_is_not_sent_twice_nor_under_another_name(client):
    asset = add_picture(name="a.png", data=written(), by=None, at=NOON)

    again = client.get(address_of(asset), headers={"If-None-Match": f'"{asset.hash}"'})

    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/assets/{asset.hash}.gif").status_code == 404
    assert client.get(f"/assets/{'0' * 64}.png").status_code == 404
    assert client.get(f"/assets/{asset.hash}.svg").status_code == 404


@pytest.fixture
def author(client):
    client.force_login(make_user("author@example.org", "catalog.change_offer"))
    return client


def uploaded(data, name="hat.png"):
    return {"file": SimpleUploadedFile(name, data, content_type="image/svg+xml")}


@pytest.mark.django_db
def test_a_field_gets_the_address_of_what_was_uploaded(author):
    answer = author.post(reverse("catalog:picture-add"), uploaded(written()))

    asset = Asset.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"url": f"/assets/{asset.hash}.png", "name": "hat.png"}


@pytest.mark.django_db
def test_a_refused_upload_says_why_and_keeps_nothing(author):
    field = author.post(reverse("catalog:picture-add"), uploaded(b"<svg/>"))
    page = author.post(reverse("catalog:picture-list"), uploaded(b"<svg/>"))
    nothing = author.post(reverse("catalog:picture-add"))

    assert (field.status_code, field.json()) == (422, {"message": NO_DRAWING})
    assert page.status_code == 422
    assert NO_DRAWING in page.content.decode()
    assert (nothing.status_code, nothing.json()) == (422, {"message": "Choose a file."})
    assert not Asset.objects.exists()


@pytest.mark.django_db
def test_pictures_are_found_by_name(author):
    add_picture(name="Rød hat.png", data=written(size=(5, 5)), by=None, at=NOON)
    add_picture(name="blue hat.png", data=written(size=(6, 6)), by=None, at=NOON)

    found = author.get(reverse("catalog:picture-list"), {"q": "hat rod"}).content.decode()

    assert "Rød hat.png" in found
    assert "blue hat.png" not in found
