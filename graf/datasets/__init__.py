"""Datasets of architectures: the measured one, and loaders for the formats on people's disks."""

from graf.datasets.catalogue import list_datasets
from graf.datasets.dataset import Dataset
from graf.datasets.load import load_dataset

__all__ = ["Dataset", "list_datasets", "load_dataset"]
