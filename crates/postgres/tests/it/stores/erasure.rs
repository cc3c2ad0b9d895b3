//! What erasing a person does beside the contract.
