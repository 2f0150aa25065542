using System.Text;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests;

/// <summary>
/// The table of kinds in docs/adapters.md is what the readers say. <c>ADAPTERSERVE_WRITE_DOCS=1</c> writes it before it is compared.
/// </summary>
public sealed class KindsPageTests
{
    private const string Begin = "<!-- kinds -->\n";
    private const string End = "<!-- /kinds -->";
    private const string Write = "ADAPTERSERVE_WRITE_DOCS";

    /// <summary>PEFT's types: the 44 of its main branch in August 2026, and SHADOW of release 0.21.2.</summary>
    private static readonly string[] s_peftTypes =
    [
        "PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "LORA", "ADALORA", "ADAMSS", "BOFT", "ADAPTION_PROMPT", "IA3", "BEFT", "LILY", "LOHA", "LOKR", "OFT", "POLY",
        "LN_TUNING", "VERA", "FROD", "PVERA", "FOURIERFT", "GLORA", "XLORA", "HRA", "VBLORA", "UNILORA", "CPT", "MISS", "RANDLORA", "ROAD", "TRAINABLE_TOKENS", "HIRA", "SHIRA", "C3A",
        "WAVEFT", "OSF", "DELORA", "GRALORA", "CARTRIDGE", "TINYLORA", "PSOFT", "PEANUT", "SUPERTUNING", "DEFT", "SHADOW",
    ];

    private static string PagePath => Path.Combine(TestData.Root, "docs", "adapters.md");

    [Fact]
    public void The_page_has_the_table_that_the_readers_make()
    {
        if (Environment.GetEnvironmentVariable(Write) == "1")
        {
            var page = File.ReadAllText(PagePath);
            var (from, to) = Place(page);
            File.WriteAllText(PagePath, page[..from] + Table() + page[to..]);
        }

        var text = File.ReadAllText(PagePath);
        var (begin, end) = Place(text);
        Assert.True(Table() == text[begin..end], $"docs/adapters.md does not say what the code does; run this test with {Write}=1 and look at the difference.");
    }

    [Fact]
    public void Every_reader_says_what_it_serves_or_refuses()
    {
        foreach (var reader in AdapterReaders.All)
        {
            Assert.NotEmpty(reader.Kinds);
            foreach (var kind in reader.Kinds)
            {
                Assert.True(kind.Status == KindStatus.Refused ? kind.Note.Length > 0 : kind.Forms.Length > 0, $"{reader.GetType().Name} does not say what becomes of {kind.Kind} ({kind.Files}).");
                Assert.DoesNotContain('|', kind.Kind + kind.Files + kind.Forms + kind.Note);
            }
        }
    }

    [Fact]
    public void Every_type_of_PEFT_is_served_or_refused_with_a_reason_of_its_own_and_never_both()
    {
        Assert.Equal(45, s_peftTypes.Distinct().Count());
        foreach (var type in s_peftTypes)
        {
            var rows = Rows().Where(kind => kind.Files == AdapterKind.Peft(type)).ToList();
            Assert.True(rows.Count == 1, $"{type} has {rows.Count} rows: it must be served or refused, once.");
        }
    }

    [Fact]
    public void No_two_kinds_have_the_same_files()
    {
        var twice = Rows().GroupBy(kind => (kind.Kind, kind.Files)).Where(group => group.Count() > 1).Select(group => group.Key);
        Assert.Empty(twice);
    }

    [Fact]
    public async Task Adapters_have_no_form_that_their_kind_does_not_name()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(new Models.BaseModel(Bases.Demo.Id, Bases.Fingerprint, Bases.Demo.Sites) { Weights = new MadeBaseWeights(hasBias: false) });
        var seen = 0;
        foreach (var path in Directory.EnumerateDirectories(Path.Combine(TestData.Root, "tests", "data", "adapters")).Order(StringComparer.Ordinal))
        {
            Adapters.AdapterDescriptor descriptor;
            try
            {
                descriptor = (await storage.PutAsync("adapter", TestData.Files(path))).Descriptor;
            }
            catch (AdapterStoreException)
            {
                // Of another base, or nothing without a part of the engine's; the goldens' tests serve it.
                continue;
            }

            var named = Rows().Where(kind => kind.Kind == descriptor.Kind && kind.Status != KindStatus.Refused).SelectMany(kind => kind.Forms.Split(", ")).ToHashSet(StringComparer.Ordinal);
            Assert.True(named.IsSupersetOf(descriptor.Forms), $"{Path.GetFileName(path)} of kind {descriptor.Kind} has the forms {string.Join(", ", descriptor.Forms)}; its row names {string.Join(", ", named)}.");
            seen++;
        }

        Assert.InRange(seen, 25, int.MaxValue);
    }

    private static IEnumerable<AdapterKind> Rows() => AdapterReaders.All.SelectMany(reader => reader.Kinds)
        .OrderBy(kind => kind.Status == KindStatus.Refused)
        .ThenBy(kind => kind.Files, StringComparer.Ordinal)
        .ThenBy(kind => kind.Kind, StringComparer.Ordinal);

    private static string Table()
    {
        var table = new StringBuilder("| kind | files | served | forms | notes |\n|---|---|---|---|---|\n");
        foreach (var kind in Rows())
        {
            var forms = string.Join(", ", kind.Forms.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(form => $"`{form}`"));
            table.Append($"| {kind.Kind} | {kind.Files} | {kind.Status.ToString().ToLowerInvariant()} | {forms} | {kind.Note} |\n");
        }

        return table.ToString();
    }

    private static (int From, int To) Place(string page)
    {
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, "docs/adapters.md has no place for the table of kinds.");
        return (begin + Begin.Length, end);
    }
}
