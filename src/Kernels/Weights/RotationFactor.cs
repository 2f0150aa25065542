namespace AdapterServe.Kernels.Weights;

/// <summary>
/// One factor of an input rotation, x = R x with one block of R for each run of <paramref name="BlockSize"/> inputs in <paramref name="Order"/>:
/// x'[Order[b k + c]] = sum over r of x[Order[b k + r]] * Blocks[k, r, c], b the block's size.
/// </summary>
/// <param name="BlockSize">b; H is a multiple of it.</param>
/// <param name="Blocks">[H / b, b, b], or [b, b] where all blocks are the same.</param>
/// <param name="Order">A permutation of the H inputs; empty where they stand as they are.</param>
public sealed record RotationFactor(int BlockSize, ReadOnlyMemory<float> Blocks, ReadOnlyMemory<int> Order = default);
