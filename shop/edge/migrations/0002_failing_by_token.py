import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Receipts are forgotten after a day: what the number of failing purges was is not taken over."""

    dependencies = [("edge", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="receipt", name="failing"),
        migrations.AddField(
            model_name="receipt",
            name="failing",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
    ]
