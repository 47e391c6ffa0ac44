from django.db import migrations, models

# Written at each order, and asked by nobody: what is unique has an index of its own already.
LIKE = {
    "orders_order": ("placement_key", "orders_order_placement_key_e49ac731_like"),
    "orders_payment": ("idempotency_key", "orders_payment_idempotency_key_b0d2abb0_like"),
}


class Migration(migrations.Migration):
    atomic = False  # an index that is dropped concurrently keeps no order waiting

    dependencies = [
        ("orders", "0020_unlikely_orders"),
    ]

    operations = [
        # Two releases after the last that wrote it: see 0012_after_the_sale.
        migrations.RunSQL(
            "ALTER TABLE orders_order DROP COLUMN IF EXISTS tracking_code",
            "ALTER TABLE orders_order ADD COLUMN IF NOT EXISTS tracking_code varchar(120) NOT NULL DEFAULT ''",
        ),
        *(
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {table} ({column} varchar_pattern_ops)",
            )
            for table, (column, index) in LIKE.items()
        ),
        # The constraints stay as they are, by the names that the database gave them.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("order", "placement_key", models.CharField(max_length=80)),
                migrations.AddConstraint(
                    "order",
                    models.UniqueConstraint(
                        fields=("placement_key",), name="orders_order_placement_key_key"
                    ),
                ),
                migrations.AlterField(
                    "payment",
                    "idempotency_key",
                    models.CharField(max_length=80, verbose_name="idempotency key"),
                ),
                migrations.AddConstraint(
                    "payment",
                    models.UniqueConstraint(
                        fields=("idempotency_key",), name="orders_payment_idempotency_key_key"
                    ),
                ),
            ]
        ),
    ]
