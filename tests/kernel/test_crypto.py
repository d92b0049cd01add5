"""Sealed values open only where they belong; blind indexes tell equality and nothing else."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.crypto import Keyring, Tampered, TenantCipher, beginnings, load_root, words

TENANT = UUID(int=1)
CIPHER = Keyring(b"a root secret").tenant(TENANT, 1)
ROW = b"customers:1"


@given(st.binary(), st.binary())
def test_what_is_sealed_opens_for_its_row(plain: bytes, row: bytes) -> None:
    assert CIPHER.open(CIPHER.seal(plain, row), row) == plain


@given(st.binary(), st.binary(), st.binary())
def test_it_opens_for_no_other_row(plain: bytes, row: bytes, other: bytes) -> None:
    if row != other:
        with pytest.raises(Tampered):
            CIPHER.open(CIPHER.seal(plain, row), other)


@given(st.binary(), st.data())
def test_a_changed_bit_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(CIPHER.seal(plain, ROW))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered):
        CIPHER.open(bytes(sealed), ROW)


@given(st.binary(max_size=64))
def test_what_was_never_sealed_does_not_open(forged: bytes) -> None:
    with pytest.raises(Tampered):
        CIPHER.open(forged, ROW)


@given(st.binary(min_size=1), st.data())
def test_a_part_of_a_sealed_value_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = CIPHER.seal(plain, ROW)
    with pytest.raises(Tampered):
        CIPHER.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], ROW)


def test_sealing_twice_gives_two_values() -> None:
    assert len({CIPHER.seal(b"same", ROW) for _ in range(1000)}) == 1000


def test_the_current_version_seals_and_older_ones_still_open() -> None:
    ring = Keyring(b"a root secret")
    first, second = ring.tenant(TENANT, 1), ring.tenant(TENANT, 2)
    old, new = first.seal(b"x", ROW), second.seal(b"x", ROW)
    assert (old[:2], new[:2]) == (b"\x00\x01", b"\x00\x02")
    assert second.open(old, ROW) == first.open(new, ROW) == b"x"
    relabelled = b"\x00\x02" + old[2:]
    with pytest.raises(Tampered):
        second.open(relabelled, ROW)


def test_tenants_and_roots_have_keys_of_their_own() -> None:
    sealed = CIPHER.seal(b"x", ROW)
    for stranger in (Keyring(b"a root secret").tenant(uuid4(), 1), Keyring(b"another root").tenant(TENANT, 1)):
        with pytest.raises(Tampered):
            stranger.open(sealed, ROW)
        assert stranger.blind("customer", "jane") != CIPHER.blind("customer", "jane")
        assert stranger.commitment("cust_1", b"x") != CIPHER.commitment("cust_1", b"x")


@given(st.text(), st.text())
def test_blind_entries_tell_words_and_kinds_apart(one: str, two: str) -> None:
    assert (CIPHER.blind("customer", one) == CIPHER.blind("customer", two)) is (one == two)
    assert CIPHER.blind("customer", one) != CIPHER.blind("product", one)


def test_index_entries_do_not_depend_on_the_key_version() -> None:
    """A rotation seals anew; what is searched for stays what it was."""
    ring = Keyring(b"a root secret")
    assert ring.tenant(TENANT, 1).blind("c", "jane") == ring.tenant(TENANT, 2).blind("c", "jane")


@given(st.text(min_size=1))
def test_beginnings_are_beginnings(word: str) -> None:
    found = beginnings(word)
    assert word in found
    assert all(word.startswith(each) for each in found)
    assert len(found) == len(set(found))
    assert {len(each) for each in found} - {len(word)} <= set(range(2, 13))


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_blind_prefixes_hold_an_entry_for_every_beginning(names: list[str]) -> None:
    entries = CIPHER.blind_prefixes("customer", names)
    for name in names:
        for beginning in beginnings(name):
            assert CIPHER.blind("customer", beginning) in entries


@pytest.mark.parametrize(
    ("text", "found"),
    [("Jane Smith", ["jane", "smith"]), ("JOSÉ  Núñez", ["jose", "nunez"]), ("O'Brien O’Neil", ["obrien", "oneil"]),
     ("Straße", ["strasse"]), ("ﬁrst", ["first"]), ("a_b-c.d", ["a", "b", "c", "d"]), ("李 小龍", ["李", "小龍"]),
     ("…!?", []), ("𝑨𝒅𝒂", ["ada"])],
)  # fmt: skip
def test_words_in_their_normal_form(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_normal_words_stay_as_they_are(text: str) -> None:
    for word in words(text):
        assert words(word) == [word]


def test_commitments_are_bound_to_what_they_are_about() -> None:
    made = {CIPHER.commitment(about, value) for about in ("cust_1:name", "cust_2:name") for value in (b"Jane", b"Joe")}
    assert len(made) == 4
    assert all(len(each) == 32 and "Jane" not in each for each in made)


def test_the_fingerprint_tells_roots_apart_and_is_no_key() -> None:
    one, two = Keyring(b"a root secret").fingerprint(), Keyring(b"another root").fingerprint()
    assert one != two
    assert one == Keyring(b"a root secret").fingerprint()
    assert isinstance(CIPHER, TenantCipher)


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = load_root(None, folder)
    assert load_root(None, folder) == first
    assert len(first) >= 64
    assert (folder / "secret.key").stat().st_mode & 0o777 == 0o600
    assert load_root("given in the environment, 32 characters", folder) != first
    assert [path.name for path in folder.iterdir()] == ["secret.key"]
