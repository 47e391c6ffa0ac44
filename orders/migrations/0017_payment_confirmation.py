from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0016_first_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="confirmation",
            field=models.CharField(db_default="", default="", editable=False, max_length=16),
        ),
    ]
