"""Checkpoints: their names, shapes and values, read without running any code of theirs.

    from cocosurgeon.weights.checkpoint import read_checkpoint
    from cocosurgeon.weights.write import write_checkpoint

    checkpoint = read_checkpoint("detr-r50.pth")
    shapes = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    write_checkpoint("detr-r50.safetensors", checkpoint.tensors.values())

dtypes           types of elements, and the values of floats that numpy lacks
tensor           a tensor: its name, type, shape, and its bytes on demand
views            storages of a checkpoint, and tensors that are views of them
inert            names that a pickle may have, and what stands for each
unpickle         an interpreter of pickles that runs no code
read_pth         files of torch.save
read_safetensors the header of a .safetensors file, checked
checkpoint       a checkpoint: its state dicts and what else is in it
heads            classification heads, and the label spaces of their rows
wrappers         prefixes of wrappers, and copies of the weights
contents         a checkpoint as a report
wash             a checkpoint without what only training needs
diff             differences between two checkpoints
write            a checkpoint, written whole or not at all
write_pth        a zip as torch.save writes it
"""
