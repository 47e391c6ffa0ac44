"""Bulk changes of documents are one writer's, who holds a lock: their notes need no lease.

The column stays: nodes of the release before still write it. A later release drops it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0029_pin_help")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("staledocument", "lease_until")]
        )
    ]
