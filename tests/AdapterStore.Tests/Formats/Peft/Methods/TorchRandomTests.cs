using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

public sealed class TorchRandomTests
{
    [Fact]
    public void The_generator_gives_the_published_numbers_of_its_default_seed()
    {
        var random = new TorchRandom(5489);
        Assert.Equal([3499211612u, 581869302u, 3890346734u], [random.Next(), random.Next(), random.Next()]);
        for (var i = 3; i < 9999; i++)
        {
            random.Next();
        }

        Assert.Equal(4123659995u, random.Next());
    }

    [Fact]
    public void Places_are_those_that_the_reference_draws_for_every_shape()
    {
        var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestData.Root, "tests", "data", "goldens", "peft-locations.json"))).RootElement;
        var seen = 0;
        foreach (var shape in golden.EnumerateObject().Where(adapter => adapter.Value.ValueKind == JsonValueKind.Object).SelectMany(adapter => adapter.Value.EnumerateObject()))
        {
            var sizes = shape.Name.Split('x').Select(int.Parse).ToArray();
            int[] expected = [.. shape.Value.EnumerateArray().Select(place => place.GetInt32())];
            Assert.Equal(expected, new TorchRandom(777).Permutation(sizes[0] * sizes[1], expected.Length));
            seen++;
        }

        Assert.Equal(8, seen);
    }

    [Fact]
    public void A_whole_permutation_has_every_place_once()
    {
        Assert.Equal(Enumerable.Range(0, 50), new TorchRandom(3).Permutation(50, 50).Order());
    }

    [Fact]
    public void More_places_than_are_drawn_by_32_bits_are_refused()
    {
        Assert.Equal("too_many_places", Assert.Throws<AdapterStoreException>(() => new TorchRandom(1).Permutation(uint.MaxValue / 20, 1)).Code);
    }
}
