"""Daily sales forecasting for a chain of stores: the example project of modelthat."""
