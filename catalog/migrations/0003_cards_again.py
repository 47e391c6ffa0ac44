"""Cards have got new columns: the whole of the products is noted as changed, so the projector fills them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_columns")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO changes_change (model, columns, rows, is_whole)"
            " SELECT 'catalog.product', '[\"id\"]', '[]', true WHERE EXISTS (SELECT FROM catalog_product)",
            migrations.RunSQL.noop,
        )
    ]
