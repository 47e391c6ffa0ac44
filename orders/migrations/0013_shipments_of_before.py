"""What was shipped before there were shipments left in one, with its order's code; money held back says what came."""

from django.db import migrations

SHIPPED = """
    INSERT INTO orders_shipment (order_id, number, carrier, tracking_code, is_told, actor_id, shipped_at)
    SELECT o.id, 1, o.delivery_carrier, o.tracking_code, true,
        (SELECT e.actor_id FROM orders_orderevent e WHERE e.order_id = o.id AND e.kind = 'shipped'
            ORDER BY e.id LIMIT 1),
        coalesce(o.shipped_at, o.paid_at, o.placed_at)
    FROM orders_order o
    WHERE o.status IN ('shipped', 'delivered')
        AND NOT EXISTS (SELECT FROM orders_shipment s WHERE s.order_id = o.id);
    INSERT INTO orders_shipmentline (shipment_id, line_id, quantity)
    SELECT s.id, l.id, l.quantity
    FROM orders_shipment s JOIN orders_orderline l ON l.order_id = s.order_id
    WHERE s.number = 1 AND NOT EXISTS (SELECT FROM orders_shipmentline m WHERE m.shipment_id = s.id);
"""

# A code that was written down before the parcel left has no shipment yet: it is kept among the notes.
CODES = """
    UPDATE orders_order SET note = concat_ws(E'\\n', nullif(note, ''), 'Tracking code: ' || tracking_code)
    WHERE tracking_code <> '' AND status NOT IN ('shipped', 'delivered')
"""

HELD = """
    UPDATE orders_payment SET amount = split_part(reason, ' ', 1)::numeric, currency = split_part(reason, ' ', 2),
        held_as = 'succeeded'
    WHERE status = 'held' AND reason ~ '^[0-9]{1,10}(\\.[0-9]{1,2})? [A-Z]{3}$'
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_after_the_sale")]

    operations = [
        migrations.RunSQL(SHIPPED, migrations.RunSQL.noop),
        migrations.RunSQL(CODES, migrations.RunSQL.noop),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
    ]
