namespace OrleansPs.Training.Tests.Data;

public sealed class TextTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Words_are_runs_of_letters_in_lower_case_with_apostrophes_within() =>
        Assert.Equal(["don't", "über", "a", "b", "rock", "n", "roll"], TextCorpus.WordsOf("Don't: ÜBER 42 a1B 'rock' n' roll'"));

    [Fact]
    public void Words_are_numbered_by_frequency_and_rare_ones_left_out()
    {
        var corpus = TextCorpus.Of(["b a a c", "a b rare c"], minCount: 2);
        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, corpus.Vocabulary.Count).Select(i => corpus.Vocabulary[i]));
        Assert.Equal([1, 0, 0, 2, TextCorpus.Break, 0, 1, 2, TextCorpus.Break], corpus.Words.ToArray());
        Assert.Equal((7, 3, -1, 1), (corpus.Vocabulary.Total, corpus.Vocabulary.CountOf(0), corpus.Vocabulary.Find("rare"), corpus.Vocabulary.Find("b")));
    }

    [Fact]
    public void Frequent_words_are_kept_with_the_root_of_threshold_by_frequency()
    {
        var corpus = TextCorpus.Of(["a a a a a a a a a a a a a a a a b b b b"], 1);
        Assert.Equal([0.25f, 0.5f], corpus.Vocabulary.KeepProbabilities(0.05));
        Assert.Equal([1f, 1f], corpus.Vocabulary.KeepProbabilities(double.PositiveInfinity));
    }

    [Fact]
    public void Texts_are_read_in_the_order_of_their_names()
    {
        File.WriteAllText(_directory.File("2.txt"), "two one");
        File.WriteAllText(_directory.File("1.txt"), "one");
        File.WriteAllText(_directory.File("0.json"), "zero");
        Assert.Equal([0, TextCorpus.Break, 1, 0, TextCorpus.Break], TextCorpus.Load(_directory.Path, 1).Words.ToArray());
        Assert.Contains("has 1 words that are there 2 times", Assert.Throws<DataFormatException>(() => TextCorpus.Load(_directory.Path, 2)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_without_texts_is_named()
    {
        Assert.Contains("no file with the ending .txt", Assert.Throws<DataFormatException>(() => TextCorpus.Load(_directory.Path, 1)).Problem, StringComparison.Ordinal);
        Assert.Equal("it does not exist.", Assert.Throws<DataFormatException>(() => TextCorpus.Load(_directory.File("none"), 1)).Problem);
    }

    [Fact]
    public void A_mail_is_the_words_of_its_subject_and_its_body()
    {
        var both = Mails.FeaturesOf("From: me\nSubject: Cheap pills\n\nBuy Cheap pills, buy!\n", 40);
        Assert.Equal(5, both.Length);
        Assert.Equal(both, both.Order());
        Assert.All(both, key => Assert.InRange(key, 0, (1L << 40) - 1));
        var body = Mails.FeaturesOf("\r\nbuy cheap PILLS", 40);
        Assert.Equal(3, body.Length);
        Assert.Subset(both.ToHashSet(), body.ToHashSet());
        Assert.Empty(Mails.FeaturesOf("From: somebody\nTo: else\n", 40));
        Assert.True(Mails.FeaturesOf("\n" + string.Join(' ', Enumerable.Range(100, 900)), 3).Length <= 8);
    }

    [Fact]
    public void Mails_are_read_from_directories_that_say_what_they_are()
    {
        Mail("spam-1/b.txt", "\nbuy now");
        Mail("easy-ham-2/a.txt", "\nsee you");
        Mail("other/c.txt", "\nignored");
        var mails = Mails.Load(_directory.Path, 30);
        Assert.Equal([false, true], Enumerable.Range(0, mails.Count).Select(mails.Label));
        Assert.Equal(Mails.FeaturesOf("\nbuy now", 30), mails.Keys(1).ToArray());
        Assert.Equal([1f, 1f], mails.Values(1).ToArray());

        Directory.Delete(_directory.File("spam-1"), recursive: true);
        Assert.Contains("it holds no spam", Assert.Throws<DataFormatException>(() => Mails.Load(_directory.Path)).Problem, StringComparison.Ordinal);
    }

    private void Mail(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_directory.File(name))!);
        File.WriteAllText(_directory.File(name), text);
    }
}
