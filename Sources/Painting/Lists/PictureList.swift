/// Pictures that are wanted, and the contact sheets that will show them.
public struct PictureList: Sendable, Equatable {
    /// A contact sheet.
    public struct Sheet: Codable, Sendable, Equatable {
        /// What stands above the pictures.
        public var title: String
        /// The place of its first picture among all.
        public var first: Int
        /// How many pictures it shows.
        public var count: Int
        /// How many stand in a row; nil: about as many as there are rows.
        public var columns: Int?
        /// What stands above the columns.
        public var columnLabels: [String] = []
        /// What stands beside the rows.
        public var rowLabels: [String] = []

        /// The places of its pictures.
        var places: Range<Int> { first..<(first + count) }
    }

    /// The pictures.
    public var pictures: [PictureRequest]
    /// The sheets, in the order of their pictures.
    public var sheets: [Sheet]

    /// A machine paints for days on as many.
    public static let countLimit = 100_000

    /// A list of given sheets.
    public init(_ pictures: [PictureRequest], sheets: [Sheet]) {
        self.pictures = pictures
        self.sheets = sheets
    }

    /// A list with a sheet for every hundred; one picture alone needs none.
    public init(_ pictures: [PictureRequest], title: String) {
        self.pictures = pictures
        sheets =
            pictures.count < 2
            ? []
            : stride(from: 0, to: pictures.count, by: ContactSheets.cellLimit).map { first in
                Sheet(
                    title: title, first: first,
                    count: min(ContactSheets.cellLimit, pictures.count - first))
            }
    }
}
