using AdapterServe.Engine.Tokenization;
using AdapterServe.Engine.Tokenization.Models;

namespace AdapterServe.Engine.Tests.Tokenization;

public sealed class BpeModelTests
{
    [Fact]
    public void Merging_by_queue_equals_merging_the_best_pair_of_the_whole_word_each_time()
    {
        (Vocabulary vocabulary, Dictionary<long, BpeMerge> merges) = RandomMerges(seed: 5);
        var model = new BpeModel(vocabulary, merges, new BpeOptions());
        var random = new Random(11);
        for (int round = 0; round < 2_000; round++)
        {
            string word = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)('a' + random.Next(4))));
            var ids = new List<int>();
            model.Encode(word, ids);
            Assert.Equal(MergeNaively(word, vocabulary, merges), ids);
        }
    }

    [Fact]
    public async Task A_word_of_a_megabyte_is_encoded_well_within_the_time_of_a_request()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        string word = string.Concat(Enumerable.Repeat("thequickbrownfox", 65_536));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));

        // Quadratic merging would take hours.
        int[] ids = await Task.Run(() => tokenizer.Encode(word, false), TestContext.Current.CancellationToken).WaitAsync(limit.Token);
        Assert.Equal(word, tokenizer.Decode(ids, false));
    }

    [Fact]
    public void Many_threads_get_the_same_ids_as_one_while_the_cache_overflows()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        Tokenizer fresh = Tokenizer.Load(RepositoryFiles.DemoModel);
        string[] texts = [.. Enumerable.Range(0, 60).Select(i => string.Join(' ', Enumerable.Range(i * 500, 1_000).Select(n => $"w{n}x")))];
        int[][] expected = [.. texts.Select(text => fresh.Encode(text, false))];
        Parallel.For(0, texts.Length * 2, i => Assert.Equal(expected[i % texts.Length], tokenizer.Encode(texts[i % texts.Length], false)));
    }

    private static List<int> MergeNaively(string word, Vocabulary vocabulary, Dictionary<long, BpeMerge> merges)
    {
        List<int> ids = [.. word.Select(character => vocabulary.TryGetId(character.ToString(), out int id) ? id : -1)];
        while (true)
        {
            (int Rank, int Position, int Id) best = Enumerable.Range(0, Math.Max(0, ids.Count - 1))
                .Where(i => merges.ContainsKey(BpeMerge.Key(ids[i], ids[i + 1])))
                .Select(i => (merges[BpeMerge.Key(ids[i], ids[i + 1])].Rank, i, merges[BpeMerge.Key(ids[i], ids[i + 1])].Id))
                .DefaultIfEmpty((int.MaxValue, -1, -1))
                .Min();
            if (best.Position < 0)
            {
                return ids;
            }

            ids[best.Position] = best.Id;
            ids.RemoveAt(best.Position + 1);
        }
    }

    private static (Vocabulary Vocabulary, Dictionary<long, BpeMerge> Merges) RandomMerges(int seed)
    {
        var vocabulary = new Vocabulary();
        var merges = new Dictionary<long, BpeMerge>();
        List<string> texts = ["a", "b", "c", "d"];
        texts.ForEach(text => vocabulary.Add(text, vocabulary.Size));
        var random = new Random(seed);
        for (int rank = 0; rank < 120; rank++)
        {
            int left = random.Next(texts.Count);
            int right = random.Next(texts.Count);
            string merged = texts[left] + texts[right];
            if (!vocabulary.TryGetId(merged, out int id))
            {
                id = vocabulary.Size;
                vocabulary.Add(merged, id);
                texts.Add(merged);
            }

            merges.TryAdd(BpeMerge.Key(left, right), new BpeMerge(rank, id));
        }

        return (vocabulary, merges);
    }
}
