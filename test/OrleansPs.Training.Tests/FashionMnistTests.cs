namespace OrleansPs.Training.Tests;

public sealed class FashionMnistTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Four_files_of_a_directory_make_a_set_to_train_and_one_to_test_with()
    {
        Idx.WriteDataSet(_directory.Path, train: 30, test: 7);
        var data = FashionMnist.Load(_directory.Path);

        Assert.Equal(30, data.Train.Count);
        Assert.Equal(7, data.Test.Count);
        Assert.Equal(16, data.Train.Features);
        Assert.Equal(10, data.Train.Classes);
    }

    [Fact]
    public void Pixels_are_normalised_by_mean_and_standard_deviation()
    {
        var images = _directory.Write("images", Idx.File([2, 1, 2], [0, 51, 255, 102]));
        var labels = _directory.Write("labels", Idx.File([2], [1, 0]));
        var set = LabeledImages.Load(images, labels, classes: 2, mean: 0.2f, std: 0.4f);
        var inputs = new float[4];
        var classes = new int[2];

        set.CopyTo([1, 0], inputs, classes);

        Assert.Equal([2f, 0.5f, -0.5f, 0f], inputs.Select(x => MathF.Round(x, 5)));
        Assert.Equal([0, 1], classes);
    }

    [Fact]
    public void A_missing_directory_or_file_is_named()
    {
        var nowhere = _directory.File("nowhere");
        Assert.Equal(nowhere, Assert.Throws<DataFormatException>(() => FashionMnist.Load(nowhere)).File);

        Idx.WriteDataSet(_directory.Path, 3, 3);
        File.Delete(_directory.File("t10k-labels-idx1-ubyte.gz"));
        var error = Assert.Throws<DataFormatException>(() => FashionMnist.Load(_directory.Path));
        Assert.Equal(_directory.File("t10k-labels-idx1-ubyte"), error.File);
    }

    [Fact]
    public void Files_that_do_not_fit_each_other_are_refused()
    {
        AssertRefused([2, 2, 2], 8, [3], [0, 1, 0], "3 labels for 2 images");
        AssertRefused([2, 4], 8, [2], [0, 1], "3 dimensions");
        AssertRefused([2, 2, 2], 8, [2, 1], [0, 1], "1 dimension");
        AssertRefused([2, 2, 2], 8, [2], [0, 9], "label 1 is 9");
        AssertRefused([2, 0, 2], 0, [2], [0, 1], "no pixels");
    }

    private void AssertRefused(int[] imageShape, int pixels, int[] labelShape, byte[] labelBytes, string problem)
    {
        var images = _directory.Write("images", Idx.File(imageShape, new byte[pixels]));
        var labels = _directory.Write("labels", Idx.File(labelShape, labelBytes));
        var error = Assert.Throws<DataFormatException>(() => LabeledImages.Load(images, labels, classes: 2));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}
