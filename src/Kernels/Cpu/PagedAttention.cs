using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Cpu;

public static unsafe class PagedAttention
{
    public static long WorkspaceBytes(
        int tokens, int sequences, int maxContext, int heads, int kvHeads, int headSize, int threads) => throw new NotImplementedException();

    public static void Run(in PagedAttentionArguments arguments, void* workspace, IParallel parallel) => throw new NotImplementedException();
}
