"""Parts of `bench/scale.py`: what is measured at each size."""
