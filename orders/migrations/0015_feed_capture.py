"""Who writes an order's event or a stock's movement writes what the feed has to tell of it."""

from django.db import migrations

# One look into a small table where there is no feed; no foreign key, so no row of it is locked.
FUNCTION = """
CREATE FUNCTION orders_feed_{stream}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders_feedendpoint WHERE is_active) THEN
        INSERT INTO orders_feeddelivery (endpoint_id, stream, source_id, topic)
        SELECT e.id, '{stream}', n.id, {topic}
        FROM new_rows n JOIN orders_feedendpoint e ON e.is_active AND ({wanted})
        ORDER BY n.id, e.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_feed_{stream} AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_feed_{stream}();
"""
BACK = "DROP TRIGGER orders_feed_{stream} ON {table}; DROP FUNCTION orders_feed_{stream}();"
CAPTURED = (
    {
        "stream": "order",
        "table": "orders_orderevent",
        "topic": "'order.' || n.kind",
        "wanted": "'order.*' = ANY(e.topics) OR 'order.' || n.kind = ANY(e.topics)",
    },
    {
        "stream": "stock",
        "table": "catalog_stockmovement",
        "topic": "'stock.changed'",
        "wanted": "'stock.changed' = ANY(e.topics)",
    },
)


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0014_feed"),
        ("catalog", "0020_tax_by_region"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION.format(**captured), BACK.format(**captured)) for captured in CAPTURED
    ]
