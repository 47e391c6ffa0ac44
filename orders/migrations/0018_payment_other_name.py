from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0017_payment_confirmation"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="also_known_as",
            field=models.CharField(db_default="", default="", editable=False, max_length=120),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("also_known_as", ""), _negated=True),
                fields=["also_known_as"],
                name="payment_other_name",
            ),
        ),
    ]
