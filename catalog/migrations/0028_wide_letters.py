"""catalog_plain() takes letters as they come from East Asian keyboards, and ligatures, for what they are."""

from django.db import migrations

WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
NARROW = "".join(map(chr, range(0x21, 0x7F)))
TIED = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


def function(more: str) -> str:
    """The function of 0026, and `more`."""
    return rf"""
CREATE OR REPLACE FUNCTION catalog_plain(said text)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bare text;
BEGIN
    IF octet_length(said) = length(said) THEN
        RETURN said;
    END IF;
    bare := translate(normalize(said, NFD), 'øØłŁđĐðÐħĦŧŦı²³¹', 'oOlLdDdDhHtTi231');
    IF bare ~ '[ßẞæÆœŒþÞ]' THEN
        bare := replace(replace(replace(replace(bare, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        bare := replace(replace(replace(replace(bare, 'ẞ', 'SS'), 'Æ', 'AE'), 'Œ', 'OE'), 'Þ', 'TH');
    END IF;{more}
    RETURN normalize(regexp_replace(bare, '([A-Za-z])[\u0300-\u036f]+', '\1', 'g'), NFC);
END $$
"""


TIES = "\n".join(f"        bare := replace(bare, '{tie}', '{letters}');" for tie, letters in TIED.items())
MORE = rf"""
    IF bare ~ '[\uff01-\uff5e]' THEN
        bare := translate(bare, '{WIDE}', '{NARROW.replace("'", "''")}');
    END IF;
    IF bare ~ '[\ufb00-\ufb06]' THEN
{TIES}
    END IF;"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0027_put_off")]

    operations = [
        migrations.RunSQL(function(MORE), function("")),
        # All cards are made again: 0026 makes them anew as well, once for both.
        migrations.RunSQL(
            "INSERT INTO changes_change (model, columns, rows, is_whole)"
            " SELECT 'catalog.product', '[\"id\"]', '[]', true WHERE EXISTS (SELECT FROM catalog_product)",
            migrations.RunSQL.noop,
        ),
    ]
