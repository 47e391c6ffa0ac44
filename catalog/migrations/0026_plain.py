"""catalog_plain(): a text without its accents, as catalog/search/folding.py takes them from a query.

translate() with every accented letter compares each character of a text with each of these: a second for a
megabyte. Most texts have nothing to fold, which their length in bytes says.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

PLAIN = r"""
CREATE FUNCTION catalog_plain(said text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
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
    END IF;
    RETURN normalize(regexp_replace(bare, '([A-Za-z])[\u0300-\u036f]+', '\1', 'g'), NFC);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0025_comparison")]

    operations = [
        migrations.AddField(
            model_name="word",
            name="apart",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, db_default=[], size=None
            ),
        ),
        migrations.RunSQL(PLAIN, "DROP FUNCTION catalog_plain(text)"),
        # Cards are searched without the accents of all Latin letters now: all of them are made again.
        migrations.RunSQL(
            "INSERT INTO changes_change (model, columns, rows, is_whole)"
            " SELECT 'catalog.product', '[\"id\"]', '[]', true WHERE EXISTS (SELECT FROM catalog_product)",
            migrations.RunSQL.noop,
        ),
    ]
