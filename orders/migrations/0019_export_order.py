from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0018_payment_other_name'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={'ordering': ('-placed_at', '-id'), 'permissions': (('ship_order', 'Can ship orders'), ('cancel_order', 'Can cancel orders'), ('refund_order', 'Can take goods back and send money back'), ('charge_order', 'Can take approved money and decide about money held back'), ('export_order', 'Can export orders')), 'verbose_name': 'order', 'verbose_name_plural': 'orders'},
        ),
    ]
