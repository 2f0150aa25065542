using System.Runtime.CompilerServices;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Tests.Models;

namespace AdapterServe.OnnxRuntime.Tests.CustomOps;

public sealed unsafe class ParallelForTests(OrtFixture ort)
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(257, false)]
    [InlineData(2, true)]
    [InlineData(257, true)]
    public void Every_task_runs_exactly_once(int tasks, bool globalPool)
    {
        var op = new TestOp("Count", 1, (in KernelContext context) =>
        {
            var output = (float*)context.Output(0, [tasks]);
            new Span<float>(output, tasks).Clear();
            context.ParallelFor(tasks, &AddIndex, output);
        });
        using var session = ort.Session(Model(), options =>
        {
            if (globalPool)
            {
                options.UseGlobalThreadPool();
            }
        }, op);
        Assert.Equal(Enumerable.Range(0, tasks).Select(i => i + 1f), ort.Run(session, [0], 1));
    }

    [Fact]
    public void Two_tasks_run_on_two_threads_at_the_same_time()
    {
        var op = new TestOp("Count", 1, (in KernelContext context) =>
        {
            using var both = new Barrier(2);
            context.Output(0, [1]);
            context.ParallelFor(2, &Meet, Unsafe.AsPointer(ref Unsafe.AsRef(in both)));
        });
        using var session = ort.Session(Model(), op);
        ort.Run(session, [0], 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void An_exception_of_a_task_reaches_the_kernel_and_then_the_caller(int tasks)
    {
        Exception? seen = null;
        var op = new TestOp("Count", 1, (in KernelContext context) =>
        {
            try
            {
                context.ParallelFor(tasks, &Fail, null);
            }
            catch (InvalidOperationException e)
            {
                seen = e;
                throw;
            }
        });
        using var session = ort.Session(Model(), op);
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Run(session, [0], 1));
        Assert.StartsWith("task ", seen!.Message, StringComparison.Ordinal);
        Assert.Contains(seen.Message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exceptions_survive_collections_that_happen_while_tasks_run()
    {
        var op = new TestOp("Count", 1, (in KernelContext context) => context.ParallelFor(64, &FailAndCollect, null));
        using var session = ort.Session(Model(), op);
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Run(session, [0], 1));
        Assert.Contains("after a collection", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Model() => new TestModel().Input("x", "N").CustomNode("Count", ["x"], ["y"]).Output("y", "M").ToArray();

    private static void AddIndex(void* state, int index) => ((float*)state)[index] += index + 1;

    private static void Meet(void* state, int index) =>
        Assert.True(Unsafe.AsRef<Barrier>(state).SignalAndWait(TimeSpan.FromSeconds(60)), "The other task never came.");

    private static void Fail(void* state, int index) => throw new InvalidOperationException($"task {index} failed");

    private static void FailAndCollect(void* state, int index)
    {
        try
        {
            throw new InvalidOperationException("after a collection");
        }
        finally
        {
            GC.Collect();
        }
    }
}
