"""Operations on whole releases: mirroring to an address, verification, comparison."""
