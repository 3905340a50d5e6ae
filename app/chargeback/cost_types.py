"""Which kind of cost a charge is, as SQL over the columns of `charge_key`."""

# Tax on a refund is tax. FOCUS 1.4 Cost and Usage, ChargeCategory and ChargeClass: an Adjustment applies to charges
# invoiced before, as a Correction does.
COST_TYPE = """
CASE WHEN commitment_discount_status = 'Unused' THEN 'unused_commitment'
     WHEN charge_category = 'Tax' THEN 'tax'
     WHEN charge_category = 'Credit' THEN 'credit'
     WHEN charge_class = 'Correction' OR charge_category = 'Adjustment' THEN 'refund'
     ELSE 'direct' END
"""
