--- The words that fake data is made of. A change here changes what every key gives.
local words = {}

words.FIRST_NAMES = {
  "Ada", "Aisha", "Alan", "Amara", "Anders", "Anna", "Arjun", "Astrid", "Barbara", "Ben", "Carla", "Carlos", "Chloe", "Clara",
  "Daniel", "Diego", "Dorothy", "Edgar", "Elena", "Emil", "Emma", "Farid", "Fatima", "Felix", "Frances", "Grace", "Hana", "Hannah",
  "Hiro", "Hugo", "Ida", "Imani", "Ines", "Isaac", "Ivan", "Jane", "Jasmin", "Jonas", "Joao", "Karin", "Katherine", "Kenji", "Lea",
  "Leo", "Lina", "Luca", "Magda", "Maria", "Mary", "Mateo", "Mei", "Milan", "Nadia", "Niels", "Nina", "Noor", "Olga", "Omar", "Oscar",
  "Paula", "Pedro", "Priya", "Ravi", "Rosa", "Sam", "Sara", "Sofia", "Tariq", "Tessa", "Theo", "Tim", "Uma", "Vera", "Victor", "Wanda",
  "William", "Yara", "Yuki", "Zara", "Zoe",
}

words.LAST_NAMES = {
  "Adeyemi", "Almeida", "Andersson", "Bakker", "Bauer", "Becker", "Bianchi", "Brown", "Byron", "Chen", "Cohen", "Costa", "Dubois",
  "Eriksen", "Ferrari", "Fischer", "Garcia", "Gupta", "Haddad", "Hansen", "Hopper", "Ito", "Ivanova", "Jansen", "Jensen", "Johnson",
  "Kaya", "Khan", "Kim", "Kowalski", "Lambert", "Lee", "Lindgren", "Lopez", "Lovelace", "Martin", "Meyer", "Mendes", "Moreau", "Mueller",
  "Nakamura", "Nguyen", "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Popescu", "Rossi", "Russo", "Sato", "Schmidt", "Schneider",
  "Silva", "Singh", "Smith", "Suzuki", "Svensson", "Tanaka", "Torres", "Tran", "Turing", "Virtanen", "Wagner", "Wang", "Weber", "Wilson",
  "Wong", "Yilmaz", "Zhang",
}

words.WORDS = {
  "acre", "amber", "apple", "arch", "autumn", "barley", "basin", "beacon", "birch", "bloom", "branch", "bridge", "brook", "cedar",
  "clay", "cliff", "clover", "copper", "coral", "crest", "crop", "dawn", "delta", "dew", "drift", "dune", "earth", "ember", "fallow",
  "fern", "field", "flint", "forest", "frost", "furrow", "garden", "glade", "grain", "grove", "harbor", "harvest", "hazel", "heath",
  "hedge", "hill", "hollow", "honey", "island", "ivy", "juniper", "kernel", "lake", "lantern", "leaf", "linen", "loam", "maple", "marsh",
  "meadow", "mist", "moss", "mountain", "oak", "oat", "orchard", "pasture", "pebble", "pine", "plain", "plough", "pond", "poplar", "quartz",
  "rain", "reed", "ridge", "river", "root", "rye", "sage", "sand", "seed", "shade", "shore", "silver", "slate", "soil", "spring", "stone",
  "stream", "summer", "thistle", "timber", "valley", "walnut", "water", "wheat", "willow", "wind", "winter", "wood",
}

words.CITIES = {
  "Accra", "Amsterdam", "Athens", "Bergen", "Berlin", "Bogota", "Boston", "Brno", "Cairo", "Cologne", "Copenhagen", "Dakar", "Delhi",
  "Dublin", "Edinburgh", "Florence", "Geneva", "Ghent", "Hamburg", "Hanoi", "Helsinki", "Istanbul", "Kyoto", "Lagos", "Lima", "Lisbon",
  "London", "Lyon", "Madrid", "Milan", "Montreal", "Nairobi", "Oslo", "Paris", "Porto", "Prague", "Quito", "Riga", "Rome", "Seoul",
  "Sofia", "Stockholm", "Sydney", "Tallinn", "Tokyo", "Toronto", "Turin", "Vienna", "Warsaw", "Zurich",
}

words.STREETS = {
  "Acorn", "Baker", "Bridge", "Castle", "Chapel", "Church", "Cherry", "Garden", "Harbor", "High", "Hill", "King", "Lake", "Linden",
  "Maple", "Market", "Meadow", "Mill", "North", "Oak", "Orchard", "Park", "Queen", "River", "School", "South", "Spring", "Station",
  "Victoria", "Willow",
}

words.STREET_KINDS = { "Avenue", "Lane", "Road", "Square", "Street", "Way" }

return words
