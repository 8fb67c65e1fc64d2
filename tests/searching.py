"""What searches look for, and a model that guides them."""

from sklearn.ensemble import RandomForestRegressor

SMALL = RandomForestRegressor(5, random_state=0)  # what it predicts is not at stake


def convolutions(cell):
    return cell.count("conv_3x3") + 0.1 * cell.count("conv_1x1")
