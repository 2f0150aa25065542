using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// One soft prompt for all tasks, times a matrix of low rank for each: P ∘ (U_task V_task).
/// <b>Shapes</b>: prompt_embeddings P [N, hidden], prefix_task_cols U [tasks, N, R], prefix_task_rows V [tasks, R, hidden].
/// <b>Source</b>: arXiv:2303.02861, PEFT's file format.
/// </summary>
internal sealed class MultitaskPrompt : IPeftPromptKind
{
    private const string TaskCount = "num_tasks";

    public string PeftType => "MULTITASK_PROMPT_TUNING";

    public string Forms => "soft_prompt";

    public string Note => "one for each task";

    public ImmutableArray<string> Options =>
    [
        TaskCount, "num_ranks", "prompt_tuning_init", "prompt_tuning_init_text", "prompt_tuning_init_state_dict_path", "prompt_tuning_init_task",
        "tokenizer_name_or_path", "tokenizer_kwargs",
    ];

    public ImmutableArray<string> Tensors => ["prompt_embeddings", "prefix_task_cols", "prefix_task_rows"];

    public ImmutableArray<string> TasksOf(ConfigValues config) => FileTasks.Numbered(TaskCount, config.RequiredInt(TaskCount));

    public VirtualTokenTensors Read(PeftPrompt prompt)
    {
        prompt.RequireOption("token_dim", prompt.Hidden);
        var (tasks, rank) = (TasksOf(prompt.Config).Length, prompt.Positive("num_ranks"));
        var (count, hidden, task) = (prompt.Count, prompt.Hidden, prompt.Task);
        var shared = prompt.Tensor("prompt_embeddings", count, hidden);
        var columns = prompt.Tensor("prefix_task_cols", tasks, count, rank);
        var rows = prompt.Tensor("prefix_task_rows", tasks, rank, hidden);
        return new VirtualTokenTensors(VirtualTokenKind.SoftPrompt, count, hidden, [shared, columns, rows], values =>
        {
            var own = DoubleMatrix.Multiply(Part(values.Read(columns), task, tasks), Part(values.Read(rows), task, tasks), count, rank, hidden);
            var prompts = values.Read(shared);
            for (var i = 0; i < prompts.Length; i++)
            {
                prompts[i] *= own[i];
            }

            return prompts;
        });
    }

    private static double[] Part(double[] values, int part, int parts)
    {
        var length = values.Length / parts;
        return values[(part * length)..((part + 1) * length)];
    }
}
